import { testRuntime } from "./suite.ts";

await testRuntime("Bun");
