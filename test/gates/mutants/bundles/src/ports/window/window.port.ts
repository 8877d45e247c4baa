export interface Window {
  look(): void;
}
