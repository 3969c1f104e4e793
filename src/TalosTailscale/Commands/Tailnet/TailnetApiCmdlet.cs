using System.ComponentModel;
using System.Management.Automation;
using System.Security;
using TalosTailscale.Core.Tailnet;

namespace TalosTailscale.Commands;

/// <summary>Base of the cmdlets that use the tailnet's API: where it is and who we are.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class TailnetApiCmdlet : TsCmdlet
{
    /// <summary>The address of the API; else the one that TALOSTAILSCALE_TAILNET_API names, else https://api.tailscale.com.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNull]
    public Uri? ApiUri { get; set; }

    /// <summary>An API token; else TAILSCALE_API_KEY.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNull]
    public SecureString? ApiToken { get; set; }

    /// <summary>
    /// An OAuth client: its id as user name, its secret as password; else TAILSCALE_OAUTH_CLIENT_ID and
    /// TAILSCALE_OAUTH_CLIENT_SECRET.
    /// </summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNull]
    [Credential]
    public PSCredential? OAuthClient { get; set; }

    /// <summary>The tailnet; the credential's own when not given.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    public string? Tailnet { get; set; }

    /// <summary>The credential that was given or that the environment holds; null for none.</summary>
    private protected TailnetCredential? FindCredential() => FindCredential(ApiToken, OAuthClient);

    /// <summary>A client of the API.</summary>
    /// <exception cref="TsException">TailnetCredentialMissing, TailnetUriInvalid.</exception>
    private protected TailnetClient ConnectApi() => ConnectApi(ApiUri, FindCredential(), Tailnet);

    internal static TailnetCredential? FindCredential(SecureString? token, PSCredential? client) =>
        token is not null ? TailnetCredential.Token(SecretText.Of(token))
        : client is not null ? TailnetCredential.OAuth(client.UserName, SecretText.Of(client.Password))
        : TailnetCredential.FromEnvironment();

    internal static TailnetClient ConnectApi(Uri? api, TailnetCredential? credential, string? tailnet) =>
        new(
            api,
            credential
                ?? throw TailnetErrors.TailnetCredentialMissing.New(
                    "No API token and no OAuth client was given or found in the environment."
                ),
            tailnet
        );
}
