// Texts that esbuild puts into a module as they are.

declare module "*.md" {
  const text: string;
  export default text;
}
