console.log("writes out/reader/index.mjs");
