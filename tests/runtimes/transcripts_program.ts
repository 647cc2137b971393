/** Runs every transcript on the current runtime, and prints the numbers of cases and runs. */
import { readdirSync, readFileSync } from "node:fs";
import { runServerDocument } from "../transcripts/server_transcript.ts";
import { runDocument } from "../transcripts/transcript.ts";

const folder = new URL("../transcripts/", import.meta.url);
let cases = 0;
let runs = 0;
for (const name of readdirSync(folder)) {
  if (!name.endsWith(".md")) continue;
  const result = runDocument(readFileSync(new URL(name, folder), "utf8"));
  cases += result.cases;
  runs += result.runs;
}
const servers = new URL("server/", folder);
for (const name of readdirSync(servers)) {
  const result = await runServerDocument(readFileSync(new URL(name, servers), "utf8"));
  cases += result.cases;
  runs += result.runs;
}
console.log(`cases ${cases} runs ${runs}`);
