/** What the page's scripts share on `window`; the video room adds its own names. */
interface Window {
  __td: any;
  Bokeh?: any;
}
