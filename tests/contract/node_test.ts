import { testNatively } from "./subjects.ts";

await testNatively("Node");
