// Stands in for the runtime's JavaScript half, whose address it is given, and compiles the program from the moment that it
// is imported. It is served as it stands here: every program has its own address, under which a browser keeps it.
const { searchParams } = new URL(import.meta.url)
const compiling = WebAssembly.compileStreaming(fetch(searchParams.get('program')))
// A host that serves programs under another type has them compiled by the runtime, from their bytes.
compiling.catch(() => {})
const { default: start } = await import(/* @vite-ignore */ searchParams.get('script'))

/** Starts the runtime, as the half that it stands in for does. */
export default async function startCompiled(options) {
  const program = await compiling.catch(() => null)
  return start(
    program
      ? { ...options, instantiateWasm: (imports, onDone) => instantiate(program, imports, onDone) }
      : options,
  )
}

/** Throws at once, as the runtime expects, where a program cannot be started. */
function instantiate(program, imports, onDone) {
  const instance = new WebAssembly.Instance(program, imports)
  onDone(instance, program)
  return instance.exports
}
