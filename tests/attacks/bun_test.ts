import { testAttacks } from "./suite.ts";

await testAttacks("Bun");
