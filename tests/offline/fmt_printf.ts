/** A stand-in for `sprintf` of `@std/fmt/printf`: `%s`, `%d` and `%f` with width and precision. */
export function sprintf(format: string, ...args: unknown[]): string {
  let next = 0;
  return format.replaceAll(
    /%(-?)(\d*)(?:\.(\d+))?([sdf%])/g,
    (_, left: string, width: string, precision: string | undefined, kind: string) => {
      if (kind === "%") return "%";
      const value = args[next++];
      const text = kind === "f" ? Number(value).toFixed(Number(precision ?? 6)) : String(value);
      return left === "" ? text.padStart(Number(width)) : text.padEnd(Number(width));
    },
  );
}
