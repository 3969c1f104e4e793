namespace TalosTailscale.Core.Talos;

/// <summary>
/// No connection was made. Told apart from a connection that broke, because then nothing has been sent and the call may
/// be tried at another endpoint whatever it does.
/// </summary>
internal sealed class TalosDialException(string message, Exception inner) : IOException(message, inner);
