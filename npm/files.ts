/**
 * Lists the files of a folder and of the folders in it.
 *
 * @param root What the paths are relative to.
 * @param folder The folder, with a `/` at its end; without it, the root itself.
 */
export async function* filesIn(root: URL, folder: string = ""): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(fileUrl(root, folder))) {
    if (isDirectory) yield* filesIn(root, `${folder}${name}/`);
    else yield folder + name;
  }
}

/** The URL of a path that {@linkcode filesIn} listed: a name may hold `%` or `#`. */
export function fileUrl(root: URL, path: string): URL {
  return new URL(`./${path.split("/").map(encodeURIComponent).join("/")}`, root);
}
