// What helps to read: contents that follow the scroll, figures that enlarge, commands that are copied.
(function () {
  "use strict";

  const said = document.getElementById("said");

  function followScroll() {
    const links = [...document.querySelectorAll(".contents a")];
    const targets = links.map((link) => document.querySelector(link.getAttribute("href")));
    const strip = document.querySelector(".contents");
    let current = null;
    function look() {
      const line = window.innerHeight * 0.3;
      let at = 0;
      targets.forEach((target, i) => {
        if (target.getBoundingClientRect().top <= line) at = i;
      });
      const end = document.documentElement.scrollHeight - window.innerHeight - window.scrollY < 2;
      if (end && window.scrollY > 0) at = links.length - 1;
      if (links[at] === current) return;
      if (current) current.removeAttribute("aria-current");
      current = links[at];
      current.setAttribute("aria-current", "true");
      // Only the strip itself moves, so that the reader's place stays.
      const [all, one] = [strip.getBoundingClientRect(), current.getBoundingClientRect()];
      strip.scrollLeft += one.left - all.left - (all.width - one.width) / 2;
    }
    let waiting = false;
    const later = () => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        look();
      });
    };
    window.addEventListener("scroll", later, { passive: true });
    window.addEventListener("resize", later);
    look();
  }

  function enlarge() {
    const dialog = document.getElementById("large");
    const slot = dialog.querySelector(".slot");
    let home = null;
    for (const button of document.querySelectorAll(".enlarge")) {
      button.addEventListener("click", () => {
        home = button.closest("figure");
        const plot = home.querySelector(".plot");
        // The figure keeps its place while its picture is away.
        home.style.minHeight = `${home.offsetHeight}px`;
        document.getElementById("large-name").textContent = home.querySelector("figcaption").textContent;
        slot.append(plot);
        dialog.showModal();
      });
    }
    dialog.addEventListener("close", () => {
      if (!home) return;
      home.prepend(slot.firstElementChild);
      home.style.minHeight = "";
      home.querySelector(".enlarge").focus();
      home = null;
    });
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
    });
  }

  async function write(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Pages opened from disk may not be given the clipboard itself.
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      if (!done) throw new Error("the browser gives no clipboard");
    }
  }

  function copyCommands() {
    for (const button of document.querySelectorAll(".copy")) {
      const label = button.textContent;
      button.title = button.dataset.command;
      button.addEventListener("click", async () => {
        try {
          await write(button.dataset.command);
          button.textContent = "Copied";
          said.textContent = `Copied: ${button.dataset.command}`;
        } catch {
          button.textContent = button.dataset.command;
          return;
        }
        button.focus();
        setTimeout(() => {
          button.textContent = label;
        }, 1500);
      });
    }
  }

  followScroll();
  enlarge();
  copyCommands();
})();
