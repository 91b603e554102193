import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import { useAnswer } from '../hooks.js';
import { call } from '../rpc.js';
import { t } from '../texts/index.js';
import { CredentialsCard, NewCredential } from './credentials.js';

const { method } = PushCore;

/** Page of the tokens of admins, with the form that makes one. */
export function AdminTokensPage() {
  const answer = useAnswer(async (signal) => {
    const { tokens } = await call(method.listAdminTokens, {}, signal);
    return tokens.map(({ id, name, createdAt, lastUsedAt, expiresAt }) => {
      return { id, name, columns: [], createdAt, lastUsedAt, expiresAt };
    });
  }, []);
  return (
    <>
      <h1>{t('adminTokens')}</h1>
      <CredentialsCard
        title={t('adminTokens')}
        empty={t('noAdminTokens')}
        columns={[]}
        answer={answer}
        question={(name) => t('revokeTokenQuestion', { name })}
        revoke={(id) => call(method.revokeAdminToken, { id })}
      />
      <NewCredential
        title={t('newAdminToken')}
        nameLabel={t('newAdminTokenName')}
        secretLabel={(name) => t('tokenOf', { name })}
        create={async (name, expiresAt) => {
          const { adminToken } = await call(method.createAdminToken, { name, expiresAt });
          answer.reload();
          return adminToken;
        }}
      />
    </>
  );
}
