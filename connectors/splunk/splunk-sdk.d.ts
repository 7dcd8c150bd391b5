/** The two parts of splunk-sdk 2.0.2 that are used; it brings no types. */
declare module 'splunk-sdk/lib/http.js' {
  export interface SdkRequest {
    readonly method: string;
    readonly headers: Record<string, string>;
    readonly body: string;
  }
  export interface SdkResponse {
    readonly status: number;
    readonly data: unknown;
    readonly error: null;
    readonly response: { readonly statusCode: number; readonly headers: Record<string, string> };
  }
  interface SdkHttp {
    version: string;
  }
  interface SdkHttpClass {
    new (): SdkHttp;
    extend(methods: {
      makeRequest(url: string, request: SdkRequest): Promise<SdkResponse>;
      parseJson(json: string): unknown;
    }): SdkHttpClass;
  }
  const Http: SdkHttpClass;
  export default Http;
}

declare module 'splunk-sdk/lib/context.js' {
  import type { SdkHttp, SdkResponse } from 'splunk-sdk/lib/http.js';

  interface SdkOptions {
    readonly scheme: string;
    readonly host: string;
    readonly port: string;
    readonly app: string;
    readonly owner: string;
    readonly username?: string;
    readonly password?: string;
    readonly sessionKey?: string;
    readonly authorization?: string;
    readonly autologin: boolean;
    readonly version?: string;
  }
  class Context {
    constructor(http: SdkHttp, options: SdkOptions);
    sessionKey: string | null;
    version: string;
    instanceType: string;
    get(path: string, params: object): Promise<SdkResponse>;
    post(path: string, params: object): Promise<SdkResponse>;
    del(path: string, params: object): Promise<SdkResponse>;
    disableV2SearchApi(): boolean;
  }
  export default Context;
}
