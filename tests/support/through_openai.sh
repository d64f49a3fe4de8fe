#!/bin/sh
# Runs the agent from source with OpenAI's API between it and OLLAMA_HOST, for the harness and the
# cases: --agent 'sh tests/support/through_openai.sh run'. The proxy ends with the agent.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
free='const l = Deno.listen({ hostname: "127.0.0.1", port: 0 }); console.log(l.addr.port)'
port=$("$root/scripts/deno" eval "$free")
"$root/scripts/deno" run --no-check --quiet --allow-net=127.0.0.1 --allow-read=/proc \
  "$root/tests/support/openai_proxy.ts" "$OLLAMA_HOST" "$port" $$ &
# Links of their own host stay Ollama's.
LLM_CHAIN=$(echo "${LLM_CHAIN:-${OLLAMA_MODEL:-qwen2.5:7b}}" | sed -E "s#(^|,)([a-z0-9][^,@]*:[^,@]*)(,|\$)#\1openai/\2@http://127.0.0.1:$port\3#")
export LLM_CHAIN
exec "$root/scripts/deno" run --no-check --quiet --allow-net=127.0.0.1 --allow-read --allow-write \
  --allow-env "$root/main.ts" "$@"
