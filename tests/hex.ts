/** Bytes as hexadecimal digits, and back. */

/** The bytes of hexadecimal digits; spaces are ignored. */
export function fromHex(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(
    hex.replaceAll(" ", "").match(/../g) ?? [],
    (digits) => parseInt(digits, 16),
  );
}

/** Bytes as hexadecimal digits. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A text in UTF-8 as hexadecimal digits. */
export function hexOf(text: string): string {
  return toHex(new TextEncoder().encode(text));
}
