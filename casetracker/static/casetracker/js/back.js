// A page that answers a sent form (data-sent) stands in the history as that form, which the browser could only send
// again: coming back to it would end on the browser's own error. So it takes the place of its address instead, and
// coming back, like loading again, opens that page anew.
if ("sent" in document.body.dataset) history.replaceState(history.state, "", location.href);
