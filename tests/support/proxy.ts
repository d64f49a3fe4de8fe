/** The proxy of the failure test. */
export { type Proxy, startProxy } from "../../scripts/chaos/proxy.ts";
