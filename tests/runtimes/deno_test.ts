import { testRuntime } from "./suite.ts";

await testRuntime("Deno");
