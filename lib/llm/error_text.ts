/**
 * What a server says of its own failure.
 *
 * @module
 */
import { isObject, parseObject } from "../base/json.ts";
import { withoutMarkup } from "../base/text/markup.ts";

/** The text of an error reply: the server's own, that of an HTML page, or the body as it is. */
export function errorText(body: unknown): string {
  if (typeof body === "string") {
    const object = parseObject(body);
    const said = object?.error ?? object?.message;
    if (said !== undefined && said !== null) return errorText(said);
    const page = body.slice(0, 16 * 1024);
    return /<(?:html|!doctype|head|body|h1|title)\b/i.test(page) ? withoutMarkup(page) : page;
  }
  if (isObject(body) && typeof body.message === "string") return body.message;
  return JSON.stringify(body) ?? "";
}
