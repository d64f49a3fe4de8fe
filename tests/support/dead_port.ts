/**
 * A port of 127.0.0.1 that nothing listens on. Of one that was just closed, a child process that is
 * being started may hold the socket for a moment: then a connection is not refused.
 */
export const DEAD_PORT = 1;
