import { testRuntime } from "./suite.ts";

await testRuntime("Node");
