/**
 * Writes lib/llm/validator.js anew, after the schema of a diagnosis or ajv has changed.
 *
 * @module
 */
import { join } from "node:path/posix";
import { ajvLicense } from "./compile/stage.ts";
import { validatorModule } from "./compile/validator.ts";

const ROOT = join(import.meta.dirname ?? ".", "..");

const info = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
const { denoDir } = JSON.parse(new TextDecoder().decode(info.stdout)) as { denoDir: string };
const lock = await Deno.readTextFile(join(ROOT, "deno.lock"));
const license = await ajvLicense(join(denoDir, "npm"), lock);
await Deno.writeTextFile(join(ROOT, "lib/llm/validator.js"), validatorModule(license));
