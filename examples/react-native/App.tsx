// A sketch: its types are checked against native.d.ts, but it was not run on a phone. In an app of your own:
//     npm install <this folder>/../../device @react-native-async-storage/async-storage
import { createDevice, type DeviceState, type Message } from '@one-push/device';
import AsyncStorage from '@react-native-async-storage/async-storage';
import { useEffect, useState } from 'react';
import { AppState, FlatList, Platform, SafeAreaView, Text } from 'react-native';

// Not localhost: on a phone that is the phone.
const URL = 'https://push.example.com';

export default function App() {
  const [state, setState] = useState<DeviceState>({ name: 'idle' });
  const [messages, setMessages] = useState<readonly Message[]>([]);

  useEffect(() => {
    const device = createDevice({
      url: URL,
      appId: 'testapp1',
      alias: 'alice',
      platform: Platform.OS === 'ios' ? 'IOS' : 'ANDROID',
      storage: AsyncStorage,
      // React Native has no crypto of its own: a library that has, such as expo-crypto, makes 128 random bits, once.
      nativeToken: 'from-the-keychain',
    });
    device.on('state', setState);
    device.on('message', (message) => setMessages((shown) => [message, ...shown]));
    device.on('error', (error) => console.warn(error));
    device.connect();
    // The system freezes apps in the background: let the connection go, and a vendor's service wakes the app.
    const watching = AppState.addEventListener('change', (now) => {
      if (now === 'active') device.resume();
      else if (now === 'background') device.pause();
    });
    return () => {
      watching.remove();
      void device.close();
    };
  }, []);

  return (
    <SafeAreaView>
      <Text>{state.name}</Text>
      <FlatList data={messages} keyExtractor={({ id }) => id} renderItem={({ item }) => <Text>{item.alert}</Text>} />
    </SafeAreaView>
  );
}
