const pid = Number(process.argv[2])
const graceMs = 5_000

// The channel closes when the process that started this one is gone.
process.once('disconnect', () => {
  end('SIGTERM')
  setTimeout(() => {
    end('SIGKILL')
    process.exit()
  }, graceMs)
})

function end(signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended already.
    process.exit()
  }
}
