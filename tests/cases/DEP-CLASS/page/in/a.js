new Chart(document.body);
