/** The world: rooms with exits. A larger game would read them from files. */
export interface Room {
  readonly name: string;
  readonly text: string;
  /** The rooms that lie in each direction. */
  readonly exits: ReadonlyMap<string, string>;
}

export const START = "inn";

export const ROOMS: ReadonlyMap<string, Room> = new Map([
  ["inn", {
    name: "The Wet Boa",
    text: "A low room with a warm fire. Somebody has carved a snake into every beam, and no two " +
      "of them look the same way. The door leads ^!north^. to the bridge.",
    exits: new Map([["north", "bridge"]]),
  }],
  ["bridge", {
    name: "The Old Bridge",
    text: "Planks creak. To the ^!south^. lies the inn; the path climbs ^!east^. between " +
      "^#8b7355thorns^~.",
    exits: new Map([["south", "inn"], ["east", "hill"]]),
  }],
  ["hill", {
    name: "Rat Hill",
    text: "Holes everywhere. The only way back is ^!west^..",
    exits: new Map([["west", "bridge"]]),
  }],
]);
