/** `install.ts <folder> <package> …`: the set-up with some of its packages, as a process that a test can end. */
import { cudaPackages, installCuda } from '../../scripts/setup-cuda/install.ts'

const [folder, ...names] = process.argv.slice(2)
const chosen = cudaPackages.filter(({ name }) => names.includes(name))
await installCuda(folder!, console.log, chosen)
