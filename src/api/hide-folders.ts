/** The folders of an absolute path of POSIX or Windows, or of a file: URL. Our own addresses and other URLs have none. */
const folders = /(?<![\w.:/\\-])(?:file:\/\/)?(?:\/(?!v1\/)|[A-Za-z]:[\\/])(?:[^\s/\\'"`:;,()[\]{}<>|]+[\\/])+/g

/**
 * The text with only the last part of every absolute path in it. Reasons of runtimes and errors of workers name files of
 * this host; a client needs to know which file, and not where the service is installed. The log has the whole.
 */
export const hideFolders = (text: string): string => text.replace(folders, '')
