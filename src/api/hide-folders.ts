/** The folders of an absolute path of POSIX or Windows, or of a file: URL. Our own addresses and other URLs have none. */
const folders = /(?<![\w.:/\\-])(?:file:\/\/)?(?:\/(?!v1\/)|[A-Za-z]:[\\/])(?:[^\s/\\'"`:;,()[\]{}<>|]+[\\/])+/g

/**
 * Shortens every absolute path in the text to its last part. Reasons given by runtimes and errors of workers name files of
 * this host: a client needs to know which file, not where the service is installed. The log keeps the whole path.
 */
export const hideFolders = (text: string): string => text.replace(folders, '')
