// Runs before the first paint, so that a dark desk never flashes white. A file of its own: the page allows no inline script.
;(function () {
  let scheme = null
  let language = null
  try {
    scheme = localStorage.getItem('ahize.scheme')
    language = localStorage.getItem('ahize.language')
  } catch {
    // storage may be forbidden: the system's choice then
  }
  if (scheme !== 'light' && scheme !== 'dark')
    scheme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
  document.documentElement.setAttribute('data-mantine-color-scheme', scheme)
  if (language) document.documentElement.lang = language
})()
