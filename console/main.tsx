import { render } from 'preact';
import { App } from './app.js';
import { language } from './texts/index.js';
import 'uplot/dist/uPlot.min.css';
import './style.css';

document.documentElement.lang = language() === 'zh' ? 'zh-CN' : 'en';
const root = document.getElementById('app');
if (root !== null) render(<App />, root);
