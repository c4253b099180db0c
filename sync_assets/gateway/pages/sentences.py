"""What the program says of syncs, in Portuguese: the sentences that tenants meet most."""

import re

_SENTENCES = tuple(
    (re.compile(pattern), instead)
    for pattern, instead in {
        # The course of a sync
        r"Asked by (.+)\.": r"Pedida por \1.",
        r"Asked for once more \(by (.+)\)\.": r"Pedida mais uma vez (por \1).",
        r"Cancelled \(by (.+)\)\.": r"Cancelada (por \1).",
        r"Rescheduled for (.+) with priority (\w+)\.": r"Reagendada para \1 com prioridade \2.",
        r"Rescheduled for (.+)\.": r"Reagendada para \1.",
        r"Rescheduled with priority (\w+)\.": r"Reagendada com prioridade \1.",
        r"Syncing (.+)\.": r"Sincronizando \1.",
        r"Synced (.+)\.": r"\1: sincronização concluída.",
        r"The sync is completed\.": "A sincronização foi concluída.",
        r"The sync is failed\.": "A sincronização falhou.",
        r"The sync is cancelled\.": "A sincronização foi cancelada.",
        r"The sync was cancelled\.": "A sincronização foi cancelada.",
        r"The sync was stopped\.": "A sincronização foi parada.",
        r"What it wrote stays": "O que foi gravado fica",
        r"the next one goes on\.": "a próxima continua dali.",
        r"The process that ran this stream ended\.": "O processo que fazia esta parte terminou.",
        r"The process that ran the sync ended\.?": "O processo que fazia a sincronização terminou.",
        r"The next sync goes on from its checkpoint\.": "A próxima sincronização continua dali.",
        r"It goes on from its checkpoint\.": "Ela continua de onde parou.",
        r"Its time was over\.": "O tempo dela acabou.",
        r"The sync's turn is over\.": "A vez da sincronização acabou.",
        r"The sync took longer than (\d+) s, the hard limit of its queue\.": r"A sincronização "
        r"levou mais de \1 s, o limite da sua fila.",
        r"It ran out of time, again and again, and wrote nothing\.": "O tempo acabou várias vezes "
        "sem que nada fosse gravado.",
        r"Sync ([\w-]+), asked for since, goes on with it\.": r"A sincronização \1, pedida "
        r"depois, continua com ela.",
        r"(.+) needs (.+), which was not synced\.": r"\1: depende de \2, que ficou "
        r"sem sincronizar.",
        r"Kept (\d+) rows of (\S+) that the source .*": r"\1 linhas de \2 foram mantidas, embora "
        r"não estejam mais na origem: seriam muitas de uma vez, ou faltam provas.",
        r"(.+) is held by sync (\S+)\.": r"Outra sincronização, \2, está trabalhando nisso.",
        r"The tenant was removed\.": "O site foi removido.",
        r"\w+: see the program's log\.": "Um erro inesperado; quem opera o serviço tem os "
        "detalhes.",
        r"Attempt (\d+) of (\d+) failed:": r"A tentativa \1 de \2 falhou:",
        # What the site answers
        r"(.+)'s WordPress does not accept the credentials (\(.+\))\.": r"O WordPress de \1 não "
        r"aceita as credenciais \2.",
        r"Make an application password and store it\.": "Crie uma senha de aplicativo no WordPress "
        "e guarde-a nas credenciais do site.",
        r"Give the tenant credentials\.": "Dê credenciais ao site.",
        r"Give the tenant its address\.": "Corrija o endereço do site.",
        r"If they are right, the site's web server drops the Authorization header\.": "Se elas "
        "estão certas, o servidor do site descarta o cabeçalho Authorization.",
        r"(.+)'s WordPress shows this to its own users only (\(.+\))\.": r"O WordPress de \1 só "
        r"mostra isso aos próprios usuários \2.",
        r"(.+)'s WordPress does not let this user read everything (\(.+\))\.": r"O WordPress de "
        r"\1 não deixa este usuário ler tudo \2.",
        r"Use an administrator's or editor's application password\.": "Use uma senha de aplicativo "
        "de um administrador ou editor.",
        r"Something in front of (.+)'s WordPress refuses the sync (\(.+\))\.": r"Algo na frente do "
        r"WordPress de \1 recusa a sincronização \2.",
        r"Have its firewall or security plugin let the REST API through\.": "Peça que o firewall "
        "ou o plugin de segurança deixe passar a API REST.",
        r"(.+)'s WordPress refused (\S+) (\(.+\))\.": r"O WordPress de \1 recusou \2 \3.",
        r"It does not offer what every WordPress offers": "Ele não oferece o que todo WordPress "
        "oferece",
        r"look for a plugin that changes the REST API\.": "procure um plugin que mude a API REST.",
        r"(.+)'s user may not read everything: it lacks (.+)\.": r"O usuário de \1 não pode ler "
        r"tudo: falta \2.",
        r"(.+)'s site (\S+) cannot be reached now\.": r"O site de \1, \2, está inacessível agora.",
        r"(.+)'s site (\S+) did not answer in time\.": r"O site de \1, \2, não respondeu a tempo.",
        r"(.+)'s site (\S+) answered (\d+)\.": r"O site de \1, \2, respondeu \3.",
        r"The connection to (.+)'s site (\S+) broke off\.": r"A conexão com o site de \1, \2, "
        r"caiu.",
        r"(.+)'s site (\S+) answered with a web page instead of JSON\.": r"O site de \1, \2, "
        r"respondeu com uma página em vez de JSON.",
        r"(.+)'s site (\S+) answered with something else instead of JSON\.": r"O site de \1, \2, "
        r"não respondeu com JSON.",
        r"if it does not, look at what the site's host, firewall or plugins send there\.": "se "
        "não ajudar, veja o que a hospedagem, o firewall ou os plugins do site enviam ali.",
        r"Waiting helps, as a rule\.": "Em geral, basta esperar.",
        r"Waiting may help": "Esperar pode ajudar",
        r"(.+)'s site (\S+): no such host exists\.": r"O endereço do site de \1, \2, não existe.",
        r"(.+)'s site (\S+) is not on the public internet, so it is not asked\.": r"O site de \1, "
        r"\2, não está na internet pública; por isso não é consultado.",
        r"(.+)'s site (\S+) redirects too many times\.": r"O site de \1, \2, redireciona vezes "
        r"demais.",
        r"(.+)'s site (\S+) shows a TLS certificate that cannot be trusted\.": r"O site de \1, "
        r"\2, mostra um certificado TLS que não é confiável.",
        r"Have the certificate renewed or completed, or give the tenant the address that it is "
        r"for\.": "Peça que o certificado seja renovado ou completado.",
        # Searching
        r"Found by words only\.": "Encontrado apenas pelas palavras.",
        r"Nothing of (.+) is embedded yet\.": r"Os textos de \1 ainda não foram indexados.",
        # Doing what cannot be done
        r"Sync (\S+) has ended already: (\w+)\.": "A sincronização já terminou.",
        r"Sync (\S+) is (\w+); only a failed or cancelled one can be retried\.": "Só uma "
        "sincronização que falhou ou foi cancelada pode ser tentada de novo.",
        r"Tenant '(.+)' has no credentials\.": r"O site \1 não tem credenciais.",
        r"This key lacks the scope '(\w+)'\.": r"Esta chave não tem a permissão “\1”.",
        r"It cannot be done": "Não pode ser feito",
        r"whoever runs this service knows why\.": "quem opera este serviço sabe por quê.",
    }.items()
)

_BETWEEN = re.compile(r"(?<=[.;!?])\s+")


def in_portuguese(text: str) -> str:
    """Each sentence that is known in Portuguese; any other one as it is."""
    return " ".join(map(_sentence, _BETWEEN.split(text)))


def _sentence(text: str) -> str:
    half = text.removesuffix(";")
    for pattern, instead in _SENTENCES:
        if found := pattern.fullmatch(half):
            return found.expand(instead) + text[len(half) :]
    return text
