/**
 * Traces by OpenTelemetry as Deno has it built in: no package, and an exporter outside of
 * JavaScript, which sends spans in batches from a bounded queue of its own.
 *
 * @module
 */
import { isObject } from "../../base/json.ts";
import { type Attributes, ERROR_TYPE, type Span, type Tracer } from "../trace.ts";

/** Where OpenTelemetry's API keeps what a runtime registers; `trace` is there when tracing is on. */
const REGISTRY = Symbol.for("opentelemetry.js.api.1");
/** The key of OpenTelemetry's API under which a context holds its span. */
const SPAN_KEY = Symbol.for("OpenTelemetry Context Key SPAN");
const STATUS_ERROR = 2;

/** The part of OpenTelemetry's API that is used. Times are milliseconds since 1970. */
interface ApiSpan {
  setStatus(status: { code: number; message: string }): void;
  end(time: number): void;
}

interface ApiContext {
  setValue(key: symbol, value: unknown): ApiContext;
}

interface Telemetry {
  readonly contextManager: { active(): ApiContext };
  readonly tracerProvider: {
    getTracer(name: string, version: string): {
      startSpan(
        name: string,
        options: { startTime: number; attributes: Attributes; root?: boolean },
        context?: ApiContext,
      ): ApiSpan;
    };
  };
}

/** Whether this process was started, or built, with OpenTelemetry's tracing on. */
export function isTracing(scope: object = globalThis): boolean {
  const registered: unknown = Reflect.get(scope, REGISTRY);
  return isObject(registered) && registered.trace !== undefined;
}

/** A tracer that exports by `telemetry`. Call it only where tracing is on: else it throws. */
export function denoTracer(
  version: string,
  { tracerProvider, contextManager }: Telemetry = Deno.telemetry,
): Tracer {
  const tracer = tracerProvider.getTracer("planner-agent", version);

  function emit({ name, startMs, endMs, attributes }: Span, parent?: ApiSpan): ApiSpan {
    const options = { startTime: startMs, attributes, ...(!parent && { root: true }) };
    const context = parent && contextManager.active().setValue(SPAN_KEY, parent);
    const span = tracer.startSpan(name, options, context);
    const error = attributes[ERROR_TYPE];
    if (error !== undefined) span.setStatus({ code: STATUS_ERROR, message: String(error) });
    span.end(endMs);
    return span;
  }

  return ({ children, ...root }) => {
    const parent = emit(root);
    for (const child of children) emit(child, parent);
  };
}
