import { testExamples } from "./suite.ts";

await testExamples("Node");
