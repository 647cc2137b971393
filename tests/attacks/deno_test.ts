import { testAttacks } from "./suite.ts";

await testAttacks("Deno");
