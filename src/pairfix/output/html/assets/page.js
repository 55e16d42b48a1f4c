"use strict";

for (const stage of document.querySelectorAll(".stage")) {
  const slider = stage.querySelector("input[type=range]");
  const show = () => {
    stage.style.setProperty("--at", `${slider.value}%`);
    slider.setAttribute("aria-valuetext", `${Math.round(100 - slider.value)} % of the result shown`);
  };
  slider.addEventListener("input", show);
  show();
}
