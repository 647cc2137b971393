/**
 * Turns modules of the project into JavaScript and declarations, one by one. The source has explicit types for
 * all that it exports (`isolatedDeclarations`), so a module can be translated without looking at another.
 */
import ts from "typescript";

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  verbatimModuleSyntax: true,
};
const SCRIPT_OPTIONS: ts.CompilerOptions = {
  ...OPTIONS,
  rewriteRelativeImportExtensions: true,
  sourceMap: true,
  // TypeScript would prefer a .ts file beside the declarations, so the source is in the map.
  inlineSources: true,
};
const TYPES_OPTIONS: ts.CompilerOptions = {
  ...OPTIONS,
  declaration: true,
  isolatedDeclarations: true,
};

/** A module in JavaScript. */
export interface TranspiledScript {
  readonly script: string;
  /** The source map, which contains the source. */
  readonly map: string;
}

/** A module in JavaScript, with its declarations. */
export interface TranspiledModule extends TranspiledScript {
  readonly types: string;
}

/**
 * Translates a module, and declares what it exports.
 *
 * @param path Its path in the project, with slashes, ending in `.ts`.
 * @param source Its text.
 * @throws {Error} If TypeScript reports an error.
 */
export function transpile(path: string, source: string): TranspiledModule {
  const { outputText, diagnostics } = ts.transpileDeclaration(source, {
    fileName: fileNameOf(path),
    compilerOptions: TYPES_OPTIONS,
    reportDiagnostics: true,
    transformers: { afterDeclarations: [rewriteSpecifiers] },
  });
  check(path, diagnostics);
  return { ...transpileScript(path, source), types: outputText };
}

/**
 * Translates a module.
 *
 * @param path Its path in the project, with slashes, ending in `.ts`.
 * @param source Its text.
 * @throws {Error} If TypeScript reports an error.
 */
export function transpileScript(path: string, source: string): TranspiledScript {
  const { outputText, sourceMapText = "", diagnostics } = ts.transpileModule(source, {
    fileName: fileNameOf(path),
    compilerOptions: SCRIPT_OPTIONS,
    reportDiagnostics: true,
  });
  check(path, diagnostics);
  return { script: outputText, map: sourceMapText };
}

function check(path: string, [problem]: readonly ts.Diagnostic[] = []): void {
  if (problem === undefined) return;
  const text = ts.flattenDiagnosticMessageText(problem.messageText, "\n");
  throw new Error(`Cannot translate ${path}: ${text}`);
}

function fileNameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Declarations name the JavaScript file beside them: TypeScript finds the types by that name everywhere. */
function rewriteSpecifiers(
  context: ts.TransformationContext,
): ts.Transformer<ts.SourceFile | ts.Bundle> {
  const { factory } = context;
  const rename = (node: ts.StringLiteral) =>
    /^\.\.?\/.*\.ts$/.test(node.text)
      ? factory.createStringLiteral(node.text.replace(/\.ts$/, ".js"))
      : node;
  const visit = (node: ts.Node): ts.Node => {
    if (ts.isStringLiteral(node) && isSpecifier(node.parent, node)) return rename(node);
    if (ts.isClassDeclaration(node)) return ts.visitEachChild(withoutDoubles(node), visit, context);
    return ts.visitEachChild(node, visit, context);
  };
  return (node) => ts.visitNode(node, visit) as ts.SourceFile | ts.Bundle;
}

/**
 * Without the standard library in view, TypeScript declares a method that is named by a symbol a second time, as
 * a property.
 */
function withoutDoubles(node: ts.ClassDeclaration): ts.ClassDeclaration {
  const nameOf = (member: ts.ClassElement) =>
    member.name !== undefined && ts.isComputedPropertyName(member.name) &&
      ts.isPropertyAccessExpression(member.name.expression)
      ? member.name.expression.name.text
      : undefined;
  const methods = new Set(node.members.filter(ts.isMethodDeclaration).map(nameOf));
  const members = node.members.filter((member) => {
    const name = nameOf(member);
    return name === undefined || !ts.isPropertyDeclaration(member) || !methods.has(name);
  });
  const { modifiers, name, typeParameters, heritageClauses } = node;
  return ts.factory.updateClassDeclaration(
    node,
    modifiers,
    name,
    typeParameters,
    heritageClauses,
    members,
  );
}

function isSpecifier(parent: ts.Node | undefined, node: ts.StringLiteral): boolean {
  if (parent === undefined) return false;
  if (ts.isImportDeclaration(parent) || ts.isExportDeclaration(parent)) {
    return parent.moduleSpecifier === node;
  }
  return ts.isLiteralTypeNode(parent) && ts.isImportTypeNode(parent.parent);
}
