const host = process.env.DB_HOST || 'localhost'
const pass = process.env.DB_PASSWORD || 'Tr4cker!2024'
module.exports = { host, pass }
