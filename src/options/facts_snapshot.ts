import { type ClientFacts, newFacts } from "./facts.ts";

/** The facts as plain JSON. */
export type FactsSnapshot = Omit<ClientFacts, "environment"> & {
  /** Variables of NEW-ENVIRON, as pairs. */
  readonly environment: readonly (readonly [string, string])[];
};

/** Converts facts for a snapshot. */
export function factsSnapshot(facts: ClientFacts): FactsSnapshot {
  const { columns, rows, terminalType, clientName, clientVersion, mtts } = facts;
  const { location, terminalSpeed, display, charset } = facts;
  const told = { columns, rows, terminalType, clientName, clientVersion, mtts };
  const rest = { location, terminalSpeed, display, charset };
  return { ...told, ...rest, environment: [...facts.environment] };
}

/** Restores the facts of a snapshot. */
export function restoredFacts({ environment, ...told }: FactsSnapshot): ClientFacts {
  const facts = Object.assign(newFacts(), told);
  for (const [name, value] of environment) facts.environment.set(name, value);
  return facts;
}
