import { cannotUse, hostPort, withoutCredentials } from "../../lib/base/host_port.ts";

/**
 * The URL of an OTLP collector, without a slash at its end. Deno's exporter connects to it by
 * itself, so it is no part of the net permissions.
 *
 * @throws SiteError for another scheme, no host, a user, a query, or characters that a unit file or
 * a shell would read as more than a URL.
 */
export function collectorUrl(text: string): string {
  const takes = "http://HOST[:PORT][/PATH] or https://HOST[:PORT][/PATH] without a user " +
    "(credentials go into OTEL_EXPORTER_OTLP_HEADERS on the node)";
  const url = URL.canParse(text) ? new URL(text) : null;
  const isPlain = url !== null && /^https?:\/\//i.test(text) && !/[@?#\s]/.test(text) &&
    /^[A-Za-z0-9._~/-]*$/.test(url.pathname) &&
    hostPort(url, url.protocol === "https:" ? "443" : "80") !== null;
  if (!isPlain) cannotUse("--otel", withoutCredentials(text), takes);
  return url.href.replace(/\/+$/, "");
}
