export const ROOM_SIZE: number;
export function roomTexts(seed: number): string[];
