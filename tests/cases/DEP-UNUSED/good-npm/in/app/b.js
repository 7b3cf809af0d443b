import("unnamed-thing").then(console.log)
