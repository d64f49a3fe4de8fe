/** An OTLP collector on 127.0.0.1 that takes traces as JSON and remembers them. */

export interface ExportedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** "" for a root. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly status: { readonly code: number; readonly message: string };
}

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface Exported {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly {
      readonly scope: { readonly name: string };
      readonly spans: readonly (
        & Pick<ExportedSpan, "traceId" | "spanId" | "parentSpanId" | "name" | "status">
        & {
          readonly attributes: readonly Attribute[];
          readonly startTimeUnixNano: string;
          readonly endTimeUnixNano: string;
        }
      )[];
    }[];
  }[];
}

function attributesOf(list: readonly Attribute[]): Record<string, unknown> {
  return Object.fromEntries(list.map(({ key, value }) => [key, Object.values(value)[0]]));
}

export function startCollector(port = 0) {
  const paths: string[] = [];
  const spans: ExportedSpan[] = [];
  const services: unknown[] = [];
  const texts: string[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port, onListen: () => {} },
    async (request) => {
      const { pathname } = new URL(request.url);
      paths.push(pathname);
      const text = await request.text();
      texts.push(text);
      if (!pathname.endsWith("/v1/traces")) return Response.json({});
      for (const { resource, scopeSpans } of (JSON.parse(text) as Exported).resourceSpans) {
        services.push(attributesOf(resource.attributes)["service.name"]);
        for (const span of scopeSpans.flatMap((scope) => scope.spans)) {
          const { traceId, spanId, parentSpanId, name, status } = span;
          spans.push({
            traceId,
            spanId,
            parentSpanId,
            name,
            status,
            attributes: attributesOf(span.attributes),
            startMs: Number(BigInt(span.startTimeUnixNano)) / 1e6,
            endMs: Number(BigInt(span.endTimeUnixNano)) / 1e6,
          });
        }
      }
      return Response.json({});
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    /** The settings that make a program from source send its traces here. */
    settings: {
      OTEL_DENO: "true",
      OTEL_DENO_METRICS: "false",
      OTEL_DENO_CONSOLE: "ignore",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${server.addr.port}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_SERVICE_NAME: "planner-agent",
    },
    /** What was asked for. */
    paths,
    spans,
    /** `service.name` of each export. */
    services,
    /** Everything that came, as sent. */
    text: () => texts.join("\n"),
    /** `name < parent's name` of each span, in the order of their beginning. */
    tree: () =>
      spans.toSorted((a, b) => a.startMs - b.startMs || a.endMs - b.endMs).map((span) => {
        const parent = spans.find(({ spanId }) => spanId === span.parentSpanId);
        return parent ? `${span.name} < ${parent.name}` : span.name;
      }).sort(),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
