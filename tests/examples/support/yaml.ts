/**
 * Reads YAML by Python's parser, which every system has that these examples are for.
 *
 * @module
 */
import assert from "node:assert/strict";

/** A YAML file as JSON; `!secret NAME` is `secret NAME`. */
export async function readYaml(path: string): Promise<unknown> {
  const { code, stdout, stderr } = await new Deno.Command("python3", {
    args: [
      "-c",
      `import json, sys, yaml
yaml.SafeLoader.add_constructor("!secret", lambda loader, node: "secret " + node.value)
print(json.dumps(yaml.safe_load(open(sys.argv[1]))))`,
      path,
    ],
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}
