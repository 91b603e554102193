// The part of React Native's own types that the sketch uses, for checking it without them. An app has no such file.
declare module 'react-native' {
  import type { FunctionComponent, ReactElement, ReactNode } from 'react';

  export const AppState: {
    addEventListener(
      type: 'change',
      listener: (state: 'active' | 'background' | 'inactive') => void,
    ): { remove(): void };
  };
  export const Platform: { readonly OS: 'ios' | 'android' | 'web' };
  export const SafeAreaView: FunctionComponent<{ children?: ReactNode }>;
  export const Text: FunctionComponent<{ children?: ReactNode }>;
  export function FlatList<T>(props: {
    data: readonly T[];
    keyExtractor: (item: T) => string;
    renderItem: (row: { item: T }) => ReactElement;
  }): ReactElement;
}

declare module '@react-native-async-storage/async-storage' {
  const AsyncStorage: {
    getItem(key: string): Promise<string | null>;
    setItem(key: string, value: string): Promise<void>;
    removeItem(key: string): Promise<void>;
  };
  export default AsyncStorage;
}

declare const console: { warn(...what: unknown[]): void };
