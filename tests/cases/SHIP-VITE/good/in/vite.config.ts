import { defineConfig } from 'vite';
const token = process.env.UPLOAD_TOKEN;
export default defineConfig({
  define: {
    __VERSION__: JSON.stringify(process.env.VERSION),
    __KEY__: JSON.stringify(process.env.STRIPE_PUBLISHABLE_KEY),
    __SITE__: JSON.stringify(process.env.SITE_KEY),
  },
  server: { proxy: { '/api': { headers: { auth: token } } } },
});
