import { runPart } from "../part.ts";

await runPart(import.meta);
