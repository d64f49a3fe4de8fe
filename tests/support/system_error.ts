const KINDS = {
  ENOSPC: [Error, "No space left on device (os error 28)"],
  EROFS: [Error, "Read-only file system (os error 30)"],
  EIO: [Error, "Input/output error (os error 5)"],
  EACCES: [Deno.errors.PermissionDenied, "Permission denied (os error 13)"],
  EPERM: [Deno.errors.PermissionDenied, "Operation not permitted (os error 1)"],
  ENOTSUP: [Deno.errors.NotSupported, "Operation not supported (os error 95)"],
  EOPNOTSUPP: [Deno.errors.NotSupported, "Operation not supported (os error 95)"],
  ENOSYS: [Error, "Function not implemented (os error 38)"],
  ENOENT: [Deno.errors.NotFound, "No such file or directory (os error 2)"],
  EEXIST: [Deno.errors.AlreadyExists, "File exists (os error 17)"],
  ENOTDIR: [Deno.errors.NotADirectory, "Not a directory (os error 20)"],
  ELOOP: [Deno.errors.FilesystemLoop, "Too many levels of symbolic links (os error 40)"],
} as const;

/** An error as Deno throws it for a system call that failed. */
export function systemError(code: keyof typeof KINDS, path = ""): Error {
  const [Kind, message] = KINDS[code];
  return Object.assign(new Kind(path ? `${message}: '${path}'` : message), { code });
}
